require "from_gem"
require "from_lib"

def handler(event:, context:)
  {
    event: event,
    context: [context.function_name, context.aws_request_id, context.invoked_function_arn],
    path: $LOAD_PATH.first(3),
    layer: [FROM_LIB, FROM_GEM],
    environment: ENV["AWS_EXECUTION_ENV"],
    wrapped: ENV["WRAPPED"],
    debugger: Gem::Specification.find_all_by_name("debug").length,
    everything: [
      context.function_version, context.memory_limit_in_mb, context.log_group_name, context.log_stream_name,
      context.client_context, context.identity, context.get_remaining_time_in_millis.between?(1, 10_000),
      context.deadline_ms > 1_700_000_000_000, ENV["_X_AMZN_TRACE_ID"]
    ]
  }
end

class App
  def self.of_a_class(event:, context:)
    { class: name, event: event }
  end
end

def raises(event:, context:)
  raise ArgumentError, "no stars"
end

def raises_its_own(event:, context:)
  raise Class.new(StandardError) { def self.name = "NoStars"; def self.to_s = name }, "no stars"
end

def leaves(event:, context:)
  exit
end

def bytes(event:, context:)
  StringIO.new('{"raw": true}')
end

def logs(event:, context:)
  { line: Logger.new($stdout).formatter.call("INFO", Time.at(0), nil, "hey") }
end
