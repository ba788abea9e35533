import { expect, test } from 'bun:test'
import { BindProblem } from '../../../../server/control/sockets/bind-problem.ts'
import { whyPortRefused } from '../../../../server/control/sockets/privileged-port.ts'

const GROUND = { freeFrom: 1024, executable: null, isUnit: false, isInContainer: false }

test('the hint fits how the program runs', () => {
  const hint = (more: object): string => whyPortRefused(80, { ...GROUND, ...more }).hint
  expect(hint({})).toStartWith('give it to the process: setpriv ')
  expect(hint({ executable: '/usr/bin/sluice' })).toStartWith(
    'give it to the program: setcap cap_net_bind_service=+ep /usr/bin/sluice; or choose a port above 1023',
  )
  expect(hint({ executable: '/usr/bin/sluice', isUnit: true })).toStartWith(
    'give it to the unit: AmbientCapabilities=CAP_NET_BIND_SERVICE; or',
  )
  expect(hint({ executable: '/sluice', isInContainer: true })).toStartWith('give it to the container ')
})

test('which ports need it is told as the machine has it', () => {
  expect(whyPortRefused(80, GROUND).meaning).toBe(
    'ports below 1024 need a privilege here: CAP_NET_BIND_SERVICE',
  )
  const lowered = whyPortRefused(79, { ...GROUND, freeFrom: 80 })
  expect(lowered.meaning).toBe(
    'ports below 80 need a privilege here (net.ipv4.ip_unprivileged_port_start): CAP_NET_BIND_SERVICE',
  )
  expect(lowered.hint).toContain('a port above 79')
  expect(whyPortRefused(8080, GROUND)).toEqual({
    meaning: 'it is not permitted, though such a port needs no privilege',
    hint: expect.stringContaining('SELinux') as string,
  })
})

test('an address whose port was not permitted says so, of UDP as well', () => {
  for (const bind of ['127.0.0.1:1', 'UDP [::]:1']) {
    const { message, hint } = new BindProblem('web', bind, 'EACCES')
    expect(message).toStartWith(`cannot listen on ${bind}: `)
    expect(message).toEndWith(' (EACCES)')
    expect(hint).not.toBeNull()
  }
})
