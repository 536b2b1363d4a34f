package ratings;

import java.util.Map;

public class Handler {
    public Map<String, Integer> handleRequest(Map<String, Integer> event) {
        int stars = event.get("stars");
        System.out.println("rated");
        return Map.of("stars", stars);
    }
}
