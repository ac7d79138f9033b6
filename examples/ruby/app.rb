require "socket"

port = Integer(ENV.fetch("PORT", "3000"))
server = TCPServer.new("0.0.0.0", port)
trap("TERM") { exit }
$stdout.sync = true
puts "listening on #{port}"

loop do
  Thread.new(server.accept) do |client|
    line = client.gets until line == "\r\n" || line.nil? && client.eof?
    body = "Hello from Ruby #{RUBY_VERSION}\n"
    client.write "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: #{body.bytesize}\r\nConnection: close\r\n\r\n#{body}"
  rescue SystemCallError
    # The caller went away.
  ensure
    client.close
  end
end
