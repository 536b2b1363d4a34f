def handler(event:, context:)
  name = event.fetch("name", "world")
  puts "Greeting #{name}"
  {
    message: "#{ENV["GREETING"]}, #{name}!",
    function: context.function_name,
    ruby: RUBY_VERSION
  }
end
