# frozen_string_literal: true

# A runtime interface client for Ruby. AWS's own is the gem aws_lambda_ric; this one needs Ruby and nothing else. What a
# function sees of it is the same: https://docs.aws.amazon.com/lambda/latest/dg/lambda-ruby.html

require "json"
require "net/http"
require "stringio"

$stdout.sync = true

module StandInRuntime
  # What AWS names in the header of an error; every other class is `UserException` there.
  NAMED = %w[
    ArgumentError Exception LoadError NameError NoMethodError StandardError SystemExit SystemStackError
  ].freeze

  # https://docs.aws.amazon.com/lambda/latest/dg/ruby-context.html
  class Context
    attr_reader :aws_request_id, :client_context, :deadline_ms, :function_name, :function_version, :identity,
                :invoked_function_arn, :log_group_name, :log_stream_name, :memory_limit_in_mb

    def initialize(invocation)
      @aws_request_id = invocation["Lambda-Runtime-Aws-Request-Id"]
      @deadline_ms = invocation["Lambda-Runtime-Deadline-Ms"].to_i
      @invoked_function_arn = invocation["Lambda-Runtime-Invoked-Function-Arn"]
      @client_context = JSON.parse(invocation["Lambda-Runtime-Client-Context"] || "null")
      @identity = JSON.parse(invocation["Lambda-Runtime-Cognito-Identity"] || "null")
      @function_name = ENV["AWS_LAMBDA_FUNCTION_NAME"]
      @function_version = ENV["AWS_LAMBDA_FUNCTION_VERSION"]
      @log_group_name = ENV["AWS_LAMBDA_LOG_GROUP_NAME"]
      @log_stream_name = ENV["AWS_LAMBDA_LOG_STREAM_NAME"]
      @memory_limit_in_mb = ENV["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
    end

    def get_remaining_time_in_millis
      [@deadline_ms - Process.clock_gettime(Process::CLOCK_REALTIME, :millisecond), 0].max
    end
  end

  # `file.method`, or `file.Class.method` for a method of a class or module.
  class Handler
    def initialize(handler)
      file, *owner, @method = handler.split(".")
      raise ArgumentError, "Invalid handler #{handler}, it must be file.method or file.Class.method" if
        @method.nil? || owner.length > 1

      require file
      @owner = owner.empty? ? Object.new : Kernel.const_get(owner.first)
    end

    # The result as the body of an HTTP request, and its content type.
    def call(event, context)
      result = @owner.__send__(@method, event: event, context: context)
      case result
      when StringIO, IO then [result.read, "application/unknown"]
      else [result.to_json, "application/json"]
      end
    end
  end

  # https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
  class RuntimeApi
    def initialize(address)
      host, port = address.split(":")
      @http = Net::HTTP.new(host, port, nil) # no proxy
      @http.read_timeout = nil # the next event may take its time
      @http.max_retries = 0
    end

    def next_invocation
      answer = @http.get(path("invocation/next"))
      answer.value # raises what isn't a success
      answer
    end

    def respond(id, body, content_type)
      @http.post(path("invocation/#{id}/response"), body, "Content-Type" => content_type).value
    end

    # `phase` is Init or Function.
    def report(where, error, phase)
      type = NAMED.include?(error.class.name) ? error.class.name : "UserException"
      headers = {
        "Content-Type" => "application/vnd.aws.lambda.error+json",
        "Lambda-Runtime-Function-Error-Type" => "#{phase}<#{type}>"
      }
      @http.post(path(where), JSON.generate(StandInRuntime.describe(error, phase)), headers).value
    end

    private

    def path(rest) = "/2018-06-01/runtime/#{rest}"
  end

  module_function

  def run(address, handler_name)
    api = RuntimeApi.new(address)
    handler = load_handler(api, handler_name)
    loop { invoke(api, handler) }
  end

  def load_handler(api, handler_name)
    Handler.new(handler_name)
  rescue Exception => e # code at the top of a file may raise anything
    raise if e.is_a?(SignalException)

    log("Init error when loading handler #{handler_name}", e, "Init")
    api.report("init/error", e, "Init")
    exit(1)
  end

  def invoke(api, handler)
    invocation = api.next_invocation
    id = invocation["Lambda-Runtime-Aws-Request-Id"]
    ENV["_X_AMZN_TRACE_ID"] = invocation["Lambda-Runtime-Trace-Id"]
    begin
      body, content_type = handler.call(JSON.parse(invocation.body), Context.new(invocation))
    rescue Exception => e # the runtime answers for all that a handler raises
      raise if e.is_a?(SignalException)

      fatal = e.is_a?(NameError) || !e.is_a?(StandardError)
      log(fatal ? "Critical exception from handler" : "Error raised from handler method", e, "Function")
      api.report("invocation/#{id}/error", e, "Function")
      exit(1) if fatal
    else
      api.respond(id, body, content_type)
    end
  end

  def describe(error, phase)
    own_file = File.expand_path(__FILE__)
    trace = (error.backtrace_locations || []).take_while { |location| location.absolute_path != own_file }
    { errorMessage: error.message, errorType: "#{phase}<#{error.class}>", stackTrace: trace.map(&:to_s) }
  end

  def log(line, error, phase)
    puts line, JSON.pretty_generate(describe(error, phase))
  end
end

StandInRuntime.run(ENV.fetch("AWS_LAMBDA_RUNTIME_API"), ENV.fetch("_HANDLER"))
