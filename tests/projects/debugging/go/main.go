// A runtime and its function in one program, as every function in Go is.
package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"time"
)

type rating struct {
	Stars     int   `json:"stars"`
	Remaining int64 `json:"remaining"`
}

func handle(event rating, deadline int64) rating {
	stars := event.Stars
	remaining := deadline - time.Now().UnixMilli()
	return rating{Stars: stars, Remaining: remaining}
}

func main() {
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		next, err := http.Get(api + "next")
		if err != nil {
			panic(err)
		}
		var event rating
		json.NewDecoder(next.Body).Decode(&event)
		next.Body.Close()
		deadline, _ := strconv.ParseInt(next.Header.Get("Lambda-Runtime-Deadline-Ms"), 10, 64)
		answer, _ := json.Marshal(handle(event, deadline))
		id := next.Header.Get("Lambda-Runtime-Aws-Request-Id")
		posted, err := http.Post(api+id+"/response", "application/json", bytes.NewReader(answer))
		if err != nil {
			panic(err)
		}
		posted.Body.Close()
	}
}
