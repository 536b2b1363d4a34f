package main

import (
	"context"
	"log"
	"os"
	"runtime"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type Event struct {
	Name string `json:"name"`
}

type Result struct {
	Message  string `json:"message"`
	Function string `json:"function"`
	Go       string `json:"go"`
}

func handle(_ context.Context, event Event) (Result, error) {
	name := event.Name
	if name == "" {
		name = "world"
	}
	log.Printf("Greeting %s", name)
	return Result{
		Message:  os.Getenv("GREETING") + ", " + name + "!",
		Function: lambdacontext.FunctionName,
		Go:       runtime.Version(),
	}, nil
}

func main() {
	lambda.Start(handle)
}
