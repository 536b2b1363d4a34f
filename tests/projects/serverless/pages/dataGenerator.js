console.log(JSON.stringify({a: "generated"}));
