require "json"
require_relative "words"

class Greeter
  def self.call(event:, context:)
    { text: "#{ENV.fetch("GREETING")} #{Words.polite(event["name"])}", function: context.function_name }
  end
end
