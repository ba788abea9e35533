import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { holderHint, portHolder, udpPortHolder } from '../../../server/lib/port-holder.ts'
import { udpPorts } from '../../../server/lib/tcp-table.ts'

const name = (): string => readFileSync('/proc/self/comm', 'utf8').trim()

test('who listens on a port is told by name and process, and not once it is free', () => {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const { port } = listener
  expect(portHolder(port)).toEqual({
    pid: process.pid,
    name: `${name()} (process ${process.pid})`,
    isGateway: false,
    isLeft: false,
  })
  listener.stop(true)
  expect(portHolder(port)).toBeNull()
})

test('what to do depends on who it is', () => {
  expect(holderHint(null)).toBe('stop the other program, or choose another port')
  const gateway = { pid: 7, name: 'a running gateway (process 7)', isGateway: true, isLeft: false }
  expect(holderHint(gateway)).toContain('sluice reload')
  const left = { pid: 7, name: 'what a killed gateway left (process 7)', isGateway: false, isLeft: true }
  expect(holderHint(left)).toBe('wait until it has ended, or end process 7; or choose another port')
})

test('and so is who has a port of UDP', async () => {
  const socket = await Bun.udpSocket({ hostname: '127.0.0.1', port: 0 })
  const { port } = socket
  expect(udpPortHolder(port)).toMatchObject({ pid: process.pid, isGateway: false })
  expect(udpPorts().has(port)).toBe(true)
  socket.close()
  expect(udpPortHolder(port)).toBeNull()
})
