//! Subscribes to all streams of the Telemetry API, and writes each event as a line of JSON.
//!
//! Its own lines are events of the stream `extension`, so it leaves that one out, as every program that writes what it
//! gets must.

use extensions::{handle, note_report, BUFFERING};
use lambda_extension::{
    service_fn, Error, Extension, LambdaTelemetry, LambdaTelemetryRecord, SharedService,
};

async fn receive(events: Vec<LambdaTelemetry>) -> Result<(), Error> {
    for event in events {
        println!("rust-telemetry {}", serde_json::to_string(&event)?);
        if matches!(event.record, LambdaTelemetryRecord::PlatformReport { .. }) {
            note_report();
        }
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    Extension::new()
        .with_events_processor(service_fn(|event| handle("rust-telemetry", event)))
        .with_telemetry_types(&["platform", "function"])
        .with_telemetry_buffering(BUFFERING)
        .with_telemetry_processor(SharedService::new(service_fn(receive)))
        .run()
        .await
}
