//! Subscribes to the platform's and the function's stream of the Logs API, and writes a line for each log.

use std::sync::atomic::{AtomicUsize, Ordering};

use lambda_extension::{
    service_fn, Error, Extension, LambdaEvent, LambdaLog, LambdaLogRecord, LogBuffering, NextEvent,
    SharedService,
};
use tokio::sync::Notify;

static INVOCATIONS: AtomicUsize = AtomicUsize::new(0);
static REPORTS: AtomicUsize = AtomicUsize::new(0);
static REPORTED: Notify = Notify::const_new();

async fn receive(logs: Vec<LambdaLog>) -> Result<(), Error> {
    for log in logs {
        println!("rust-logs {:?}", log.record);
        if matches!(log.record, LambdaLogRecord::PlatformReport { .. }) {
            REPORTS.fetch_add(1, Ordering::Relaxed);
            REPORTED.notify_one();
        }
    }
    Ok(())
}

/// Stays until the report of each invocation is there; whoever hosts it ends a wait that is too long.
async fn handle(event: LambdaEvent) -> Result<(), Error> {
    match event.next {
        NextEvent::Invoke(_) => {
            INVOCATIONS.fetch_add(1, Ordering::Relaxed);
        }
        NextEvent::Shutdown(_) => {
            while REPORTS.load(Ordering::Relaxed) < INVOCATIONS.load(Ordering::Relaxed) {
                REPORTED.notified().await;
            }
            println!("rust-logs has all reports");
            std::process::exit(0);
        }
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    Extension::new()
        .with_events_processor(service_fn(handle))
        .with_log_types(&["platform", "function"])
        .with_log_buffering(LogBuffering {
            timeout_ms: 25,
            max_bytes: 262_144,
            max_items: 1_000,
        })
        .with_logs_processor(SharedService::new(service_fn(receive)))
        .run()
        .await
}
