const http = require("node:http");

const port = Number(process.env.PORT ?? 3000);
const server = http.createServer((request, response) => {
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end(`Hello from Node ${process.versions.node}\n`);
});

server.listen(port, () => console.log(`listening on ${port}`));

// Finish what is being answered, then go: a deployment loses no request.
process.on("SIGTERM", () => server.close(() => process.exit(0)));
