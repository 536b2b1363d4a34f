use lambda_runtime::{run, service_fn, Error, LambdaEvent};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Event {
    name: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    message: String,
    function: String,
}

async fn handle(event: LambdaEvent<Event>) -> Result<Answer, Error> {
    let name = event.payload.name.unwrap_or_else(|| "world".into());
    println!("Greeting {name}");
    let greeting = std::env::var("GREETING")?;
    Ok(Answer {
        message: format!("{greeting}, {name}!"),
        function: event.context.env_config.function_name.clone(),
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}
