import { expect, test } from 'bun:test'
import { admits } from '../../../../server/control/acme/admits.ts'

test('200 admits a name; nothing else does, and nobody is waited for without end', async () => {
  const asked: string[] = []
  await using server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url }) => {
      const { pathname, search } = new URL(url)
      asked.push(search)
      if (pathname === '/never') return new Promise<Response>(() => {})
      if (pathname === '/led') return Response.redirect('/200')
      return new Response('x'.repeat(100_000), { status: Number(pathname.slice(1)) })
    },
  })
  const ask = (path: string): Promise<boolean> => admits(`${server.url}${path}`, 'a.example')
  expect(await ask('200?token=1&domain=b.example')).toBeTrue()
  expect(asked).toEqual(['?token=1&domain=a.example'])
  for (const path of ['201', '404', '500', 'led']) expect(await ask(path), path).toBeFalse()
  await Promise.all([
    expect(ask('never')).rejects.toThrow(),
    expect(admits('http://127.0.0.1:1/', 'a.example')).rejects.toThrow(),
  ])
})
