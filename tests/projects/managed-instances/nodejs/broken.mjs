throw new Error("missing");
