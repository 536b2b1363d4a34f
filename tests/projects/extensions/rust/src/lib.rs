//! What the extensions that subscribe have in common: they stay until the report of each invocation is there.

use std::sync::atomic::{AtomicUsize, Ordering};

use lambda_extension::{Error, LambdaEvent, LogBuffering, NextEvent};
use tokio::sync::Notify;

pub const BUFFERING: LogBuffering = LogBuffering {
    timeout_ms: 25,
    max_bytes: 262_144,
    max_items: 1_000,
};

static INVOCATIONS: AtomicUsize = AtomicUsize::new(0);
static REPORTS: AtomicUsize = AtomicUsize::new(0);
static REPORTED: Notify = Notify::const_new();

/// Counts the report of an invocation.
pub fn note_report() {
    REPORTS.fetch_add(1, Ordering::Relaxed);
    REPORTED.notify_one();
}

/// Stays until the report of each invocation is there; whoever hosts it ends a wait that is too long.
pub async fn handle(name: &str, event: LambdaEvent) -> Result<(), Error> {
    match event.next {
        NextEvent::Invoke(_) => {
            INVOCATIONS.fetch_add(1, Ordering::Relaxed);
        }
        NextEvent::Shutdown(_) => {
            while REPORTS.load(Ordering::Relaxed) < INVOCATIONS.load(Ordering::Relaxed) {
                REPORTED.notified().await;
            }
            println!("{name} has all reports");
            std::process::exit(0);
        }
    }
    Ok(())
}
