import { expect, test } from 'bun:test'
import { pastedRequest } from '../../../web/data/curl.ts'

test('a URL alone is a GET of it', () => {
  expect(pastedRequest(' https://a.example.org/x?y=1 ')).toEqual({
    ...{ method: 'GET', url: 'https://a.example.org/x?y=1', headers: [] },
  })
})

test('what is neither a URL nor curl is nothing', () => {
  for (const text of [
    '',
    'hello',
    'ftp://a',
    'curl',
    'curl -v',
    'https://a b',
    'http://[',
    'curl http://a:b/',
  ])
    expect(pastedRequest(text)).toBeNull()
})

test('the command of a browser is read over its lines', () => {
  const text = `curl 'https://api.example.com/v2/orders' \\
  -X 'PUT' \\
  -H 'accept: application/json' \\
  -H 'x-note: it'\\''s "new"' \\
  -b 'uid=5f3a91; a=b' \\
  --data-raw '{"a":1}' --compressed --max-time 5`
  expect(pastedRequest(text)).toEqual({
    method: 'PUT',
    url: 'https://api.example.com/v2/orders',
    headers: [
      ['accept', 'application/json'],
      ['x-note', `it's "new"`],
      ['Cookie', 'uid=5f3a91; a=b'],
    ],
  })
})

test('data makes it a POST, -G puts it into the URL, -I asks for the head', () => {
  expect(pastedRequest('curl -d a=1 http://h/x')?.method).toBe('POST')
  expect(pastedRequest('curl -G -d a=1 -d b=2 http://h/x')).toEqual({
    ...{ method: 'GET', url: 'http://h/x?a=1&b=2', headers: [] },
  })
  expect(pastedRequest('curl -I http://h/x')?.method).toBe('HEAD')
  expect(pastedRequest('curl -XDELETE -H"A: b" --url=http://h/x')).toEqual({
    ...{ method: 'DELETE', url: 'http://h/x', headers: [['A', 'b']] },
  })
})

test('a user is the field that curl makes of it, also one that is not ASCII', () => {
  expect(pastedRequest('curl -u mira:pässword h.example/x')).toEqual({
    method: 'GET',
    url: 'http://h.example/x',
    headers: [['Authorization', `Basic ${Buffer.from('mira:pässword').toString('base64')}`]],
  })
})

test('options with values that say nothing of the request do not become its URL', () => {
  expect(pastedRequest('curl -s -o out.txt --connect-timeout 3 --cacert ca.pem http://h/')?.url).toBe(
    'http://h/',
  )
})
