// Answers with a reader, and takes SIGTERM, for which aws-lambda-go registers an internal extension.
package main

import (
	"fmt"
	"io"

	"github.com/aws/aws-lambda-go/lambda"
)

func handle() (io.Reader, error) {
	lines, writer := io.Pipe()
	go func() {
		fmt.Fprintln(writer, "first")
		fmt.Fprintln(writer, "last")
		writer.Close()
	}()
	return lines, nil
}

func main() {
	lambda.StartWithOptions(handle, lambda.WithEnableSIGTERM(func() { fmt.Println("SIGTERM came") }))
}
