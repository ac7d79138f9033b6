// Command hello answers HTTP on $PORT with the page in hello.html.
package main

import (
	"html/template"
	"log"
	"net/http"
	"os"
	"runtime"
)

func main() {
	page := template.Must(template.ParseFiles("hello.html"))
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		if err := page.Execute(w, runtime.Version()); err != nil {
			log.Print(err)
		}
	})

	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	log.Printf("listening on %s", port)
	log.Fatal(http.ListenAndServe(":"+port, nil))
}
