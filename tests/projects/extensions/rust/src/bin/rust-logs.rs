//! Subscribes to the platform's and the function's stream of the Logs API, and writes a line for each log.

use extensions::{handle, note_report, BUFFERING};
use lambda_extension::{service_fn, Error, Extension, LambdaLog, LambdaLogRecord, SharedService};

async fn receive(logs: Vec<LambdaLog>) -> Result<(), Error> {
    for log in logs {
        println!("rust-logs {:?}", log.record);
        if matches!(log.record, LambdaLogRecord::PlatformReport { .. }) {
            note_report();
        }
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    Extension::new()
        .with_events_processor(service_fn(|event| handle("rust-logs", event)))
        .with_log_types(&["platform", "function"])
        .with_log_buffering(BUFFERING)
        .with_logs_processor(SharedService::new(service_fn(receive)))
        .run()
        .await
}
