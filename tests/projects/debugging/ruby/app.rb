def handler(event:, context:)
  stars = event["stars"]
  remaining = context.get_remaining_time_in_millis
  { stars: stars, remaining: remaining }
end
