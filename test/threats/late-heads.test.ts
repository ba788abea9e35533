// Threat: who drips a head holds a connection; but a head that we have not read in time is not its sender's
// fault.
import { describe, expect, test } from 'bun:test'
import { startEngine, toServers } from '../support/engine.ts'
import { pause } from '../support/wait.ts'
import { wire } from '../support/wired.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

describe('a head whose time is up', () => {
  test('waits for what has come of it and was not read yet, once', async () => {
    await using gateway = startEngine({ config: toServers(['http://127.0.0.1:1']) })
    for (const isReadThen of [true, false]) {
      const { client, server, end } = wire(gateway)
      client.data(Buffer.from('GET / HTTP/1.1\r\nHo'))
      client.socket.isQuiet = false
      client.expire()
      expect([client.isOver, client.text]).toEqual([false, ''])
      if (isReadThen) {
        client.data(Buffer.from('st: h\r\n\r\n'))
        server.data(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
        expect(client.text).toStartWith('HTTP/1.1 200')
      } else {
        client.data(Buffer.from('s')) // a piece at a time
        client.expire()
        expect(client.text).toStartWith('HTTP/1.1 408')
      }
      end()
    }
    await pause(0)
  })

  test('is served where it came whole on an idle connection that we did not read meanwhile', async () => {
    await using gateway = startEngine({ config: toServers(['http://127.0.0.1:1']) })
    const { client, server, end } = wire(gateway)
    client.socket.isQuiet = false
    for (let n = 0; n < 3; n++) client.expire()
    expect(client.isOver).toBe(false)
    client.data(Buffer.from(GET))
    server.data(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
    expect(client.text).toStartWith('HTTP/1.1 200')
    client.socket.isQuiet = true
    client.expire()
    expect(client.socket.ended).toBe('fin')
    end()
    await pause(0)
  })
})
