module AwsLambda
  class << Marshaller
    def marshall_request(request) = { size: request.body.bytesize }

    def marshall_response(result) = [{ marshalled: result }.to_json, "application/x-own"]
  end
end

def handler(event:, context:) = event
