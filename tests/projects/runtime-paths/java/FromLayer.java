public class FromLayer {
    public static String name() {
        return "from /opt/java/lib";
    }
}
