import com.amazonaws.services.lambda.runtime.Context;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.crac.Core;
import org.crac.Resource;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;

/** Tells in which order the runtime hooks ran, and which credentials the SDK finds, and how. */
public class Hooks {
  private static final List<String> RAN = new ArrayList<>(List.of("init"));
  // The context of CRaC keeps weak references only.
  private static final List<Hook> HOOKS = List.of(new Hook("first"), new Hook("second"));

  public Hooks() {
    HOOKS.forEach(Core.getGlobalContext()::register);
  }

  public Map<String, Object> handle(Object event, Context context) {
    AwsCredentials found = DefaultCredentialsProvider.create().resolveCredentials();
    return Map.of(
        "ran", RAN,
        "key", found.accessKeyId(),
        "kind", found.getClass().getSimpleName(),
        "provider", found.providerName().orElse("unknown"));
  }

  private record Hook(String name) implements Resource {
    public void beforeCheckpoint(org.crac.Context<? extends Resource> context) {
      note(name + " before");
    }

    public void afterRestore(org.crac.Context<? extends Resource> context) {
      note(name + " after");
    }
  }

  private static void note(String name) {
    RAN.add(name);
    if (name.equals(System.getenv("FAILS"))) {
      throw new IllegalStateException(name + " failed");
    }
  }
}
