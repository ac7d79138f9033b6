"""shop.py web: takes orders and shows them. shop.py worker: fulfils them."""
import html, http.server, os, sys, urllib.parse
import psycopg2, redis

QUEUE = redis.Redis(os.environ['QUEUE_HOST'], health_check_interval=30)


def database():
    with open(os.environ['DB_PASSWORD_FILE']) as file:
        password = file.read().strip()
    connection = psycopg2.connect(host=os.environ['DB_HOST'], dbname=os.environ['DB_NAME'], user=os.environ['DB_USER'], password=password)
    connection.autocommit = True
    return connection


def query(text, *values):
    connection = database()
    try:
        with connection.cursor() as cursor:
            cursor.execute(text, values)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        rows = query('SELECT id, item, fulfilled IS NOT NULL FROM orders ORDER BY id DESC LIMIT 20')
        orders = ''.join(f'<li>{number}: {html.escape(item)} {"(sent)" if sent else "(waiting)"}\n' for number, item, sent in rows)
        self.answer(f'<!doctype html><title>Shop</title><form method=post><input name=item><button>Order</button></form><ul>\n{orders}</ul>\n')

    def do_POST(self):
        body = self.rfile.read(min(int(self.headers['Content-Length']), 65536)).decode()
        item = urllib.parse.parse_qs(body).get('item', ['nothing'])[0]
        [(number,)] = query('INSERT INTO orders (item) VALUES (%s) RETURNING id', item)
        QUEUE.lpush('orders', number)
        self.send_response(303)
        self.send_header('Location', '/')
        self.end_headers()

    def answer(self, text):
        self.send_response(200)
        self.send_header('Content-Type', 'text/html; charset=utf-8')
        self.end_headers()
        self.wfile.write(text.encode())


def work():
    while True:
        _, number = QUEUE.brpop('orders')
        query('UPDATE orders SET fulfilled = now() WHERE id = %s', int(number))
        print('fulfilled order', int(number))


if sys.argv[1] == 'web':
    http.server.ThreadingHTTPServer(('', 8080), Page).serve_forever()
else:
    work()
