import com.amazonaws.services.lambda.runtime.Context;
import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.net.URLClassLoader;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

public class App {
    public Map<String, Object> handler(Object event, Context context) {
        URLClassLoader loader = (URLClassLoader) App.class.getClassLoader();
        Map<String, Object> result = new HashMap<>();
        result.put("event", event);
        result.put("context", List.of(
            context.getFunctionName(), context.getAwsRequestId(), context.getInvokedFunctionArn()));
        result.put("path", Arrays.stream(loader.getURLs()).map(url -> url.getPath()).toList());
        result.put("environment", System.getenv("AWS_EXECUTION_ENV"));
        result.put("wrapped", System.getenv("WRAPPED"));
        result.put("layer", FromLayer.name());
        result.put("tieredStopAtLevel", option("TieredStopAtLevel"));
        return result;
    }

    private static String option(String name) {
        return ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).getVMOption(name).getValue();
    }
}
