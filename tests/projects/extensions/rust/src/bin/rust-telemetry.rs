//! Subscribes to all streams of the Telemetry API, and writes each event as a line of JSON.
//!
//! Its own lines are events of the stream `extension`, so it leaves that one out, as every program that writes what it
//! gets must.

use std::sync::atomic::{AtomicUsize, Ordering};

use lambda_extension::{
    service_fn, Error, Extension, LambdaEvent, LambdaTelemetry, LambdaTelemetryRecord, LogBuffering,
    NextEvent, SharedService,
};
use tokio::sync::Notify;

static INVOCATIONS: AtomicUsize = AtomicUsize::new(0);
static REPORTS: AtomicUsize = AtomicUsize::new(0);
static REPORTED: Notify = Notify::const_new();

async fn receive(events: Vec<LambdaTelemetry>) -> Result<(), Error> {
    for event in events {
        println!("rust-telemetry {}", serde_json::to_string(&event)?);
        if matches!(event.record, LambdaTelemetryRecord::PlatformReport { .. }) {
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
            println!("rust-telemetry has all reports");
            std::process::exit(0);
        }
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    Extension::new()
        .with_events_processor(service_fn(handle))
        .with_telemetry_types(&["platform", "function"])
        .with_telemetry_buffering(LogBuffering {
            timeout_ms: 25,
            max_bytes: 262_144,
            max_items: 1_000,
        })
        .with_telemetry_processor(SharedService::new(service_fn(receive)))
        .run()
        .await
}
