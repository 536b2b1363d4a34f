//! Takes INVOKE and SHUTDOWN events, and writes a line for each.

use lambda_extension::{service_fn, Error, Extension, LambdaEvent, NextEvent};

async fn handle(event: LambdaEvent) -> Result<(), Error> {
    match event.next {
        NextEvent::Invoke(invoke) => println!(
            "rust-events INVOKE request={} arn={} deadline={} {}={}",
            invoke.request_id,
            invoke.invoked_function_arn,
            invoke.deadline_ms,
            invoke.tracing.r#type,
            invoke.tracing.value,
        ),
        NextEvent::Shutdown(shutdown) => {
            println!(
                "rust-events SHUTDOWN reason={} deadline={}",
                shutdown.shutdown_reason, shutdown.deadline_ms
            );
            std::process::exit(0);
        }
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let extension = Extension::new()
        .with_events_processor(service_fn(handle))
        .register()
        .await?;
    println!(
        "rust-events registered with function={} version={} handler={} account={:?}",
        extension.function_name, extension.function_version, extension.handler, extension.account_id
    );
    extension.run().await
}
