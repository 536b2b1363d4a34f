package hello;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.LinkedHashMap;
import java.util.Map;

public class Handler implements RequestHandler<Map<String, String>, Map<String, String>> {
    @Override
    public Map<String, String> handleRequest(Map<String, String> event, Context context) {
        String name = event.getOrDefault("name", "world");
        context.getLogger().log("Greeting " + name + "\n");
        Map<String, String> result = new LinkedHashMap<>();
        result.put("message", System.getenv("GREETING") + ", " + name + "!");
        result.put("function", context.getFunctionName());
        result.put("java", System.getProperty("java.specification.version"));
        return result;
    }
}
