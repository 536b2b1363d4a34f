# frozen_string_literal: true

# A runtime interface client for Ruby. AWS's own is the gem aws_lambda_ric, which rubygems.org has and none of the registries
# that the stand-ins are made from; this one needs Ruby and nothing else. What a function sees of it is the same:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-ruby.html
# https://github.com/aws/aws-lambda-ruby-runtime-interface-client

require "json"
require "logger"
require "net/http"
require "stringio"

$stdout.sync = true

# Functions may replace what makes an event of a request, and a body of a result.
module AwsLambda
  module Marshaller
    module_function

    def marshall_request(request)
      request["Content-Type"] == "application/json" ? JSON.parse(request.body) : request.body
    end

    def marshall_response(result)
      case result
      when StringIO, IO then [result, "application/unknown"]
      else result.to_json
      end
    end
  end
end

module StandInRuntime
  # What AWS names in the header of an error; every other class is `UserException` there.
  NAMED = %w[
    ArgumentError Exception LoadError NameError NoMethodError StandardError SystemExit SystemStackError
  ].freeze

  # The exit statuses of AWS's client.
  FAILED = -1
  INIT_FAILED = -4

  # https://docs.aws.amazon.com/lambda/latest/dg/ruby-context.html
  class Context
    attr_reader :aws_request_id, :client_context, :deadline_ms, :function_name, :function_version, :identity,
                :invoked_function_arn, :log_group_name, :log_stream_name, :memory_limit_in_mb, :tenant_id

    def initialize(invocation)
      @aws_request_id = invocation["Lambda-Runtime-Aws-Request-Id"]
      @deadline_ms = invocation["Lambda-Runtime-Deadline-Ms"].to_i
      @invoked_function_arn = invocation["Lambda-Runtime-Invoked-Function-Arn"]
      @tenant_id = invocation["Lambda-Runtime-Aws-Tenant-Id"]
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
      file, *@owner, @method = handler.split(".")
      raise ArgumentError, "Invalid handler #{handler}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD" if
        @method.nil? || @owner.length > 1

      require file
    end

    # The result as the body of an HTTP request, and its content type.
    def call(request, context)
      owner = @owner.empty? ? Object.new : Kernel.const_get(@owner.first)
      result = owner.__send__(@method, event: AwsLambda::Marshaller.marshall_request(request), context: context)
      body, content_type = AwsLambda::Marshaller.marshall_response(result)
      [body.respond_to?(:read) ? body.read : body, content_type || "application/json"]
    end
  end

  # The logs of a `Logger` on stdout or stderr name the request:
  # https://docs.aws.amazon.com/lambda/latest/dg/ruby-logging.html
  module RequestInLogs
    FORMAT = "%s, [%s #%d] %5s %s -- %s: %s\n"

    class Formatter < Logger::Formatter
      def call(severity, time, program, message)
        format(FORMAT, severity[0], format_datetime(time), Process.pid, severity, $_global_aws_request_id, program,
               msg2str(message))
      end
    end

    def initialize(device = nil, *rest, formatter: nil, **options)
      own = device.nil? || [$stdout, $stderr].include?(device)
      formatter ||= Formatter.new if own
      super(own ? $stdout : device, *rest, formatter: formatter, **options)
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
      type = NAMED.include?(error.class.name) ? "#{phase}<#{error.class}>" : "Function<UserException>"
      headers = {
        "Content-Type" => "application/vnd.aws.lambda.error+json",
        "Lambda-Runtime-Function-Error-Type" => type
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
    exit(INIT_FAILED)
  end

  def invoke(api, handler)
    invocation = api.next_invocation
    id = $_global_aws_request_id = invocation["Lambda-Runtime-Aws-Request-Id"]
    ENV["_X_AMZN_TRACE_ID"] = invocation["Lambda-Runtime-Trace-Id"]
    begin
      body, content_type = handler.call(invocation, Context.new(invocation))
    rescue Exception => e # the runtime answers for all that a handler raises
      raise if e.is_a?(SignalException)

      fatal = e.is_a?(NameError) || !e.is_a?(StandardError)
      log(fatal ? "Critical exception from handler" : "Error raised from handler method", e, "Function")
      api.report("invocation/#{id}/error", e, "Function")
      exit(FAILED) if fatal
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

Logger.prepend(StandInRuntime::RequestInLogs)
StandInRuntime.run(ENV.fetch("AWS_LAMBDA_RUNTIME_API"), ENV.fetch("_HANDLER"))
