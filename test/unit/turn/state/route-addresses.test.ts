import { describe, expect, test } from 'bun:test'
import { routeAddresses } from '../../../../server/turn/state/route-addresses.ts'

const V4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	000A0A0A	00000000	0001	0	0	0	00FFFFFF	0	0	0
eth1	00000000	010A0A0A	0003	0	0	100	00000000	0	0	0
eth0	00000000	010B0A0A	0003	0	0	50	00000000	0	0	0
`
const V6 = `fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth1
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`
const four = (address: string, internal = false) => ({ address, family: 'IPv4', internal })
const six = (address: string) => ({ address, family: 'IPv6', internal: false })
const interfaces = {
  lo: [four('127.0.0.1', true)],
  eth1: [four('10.10.11.2'), six('fe80::2'), six('2001:db8::2')],
  eth0: [four('10.10.10.2'), six('fe80::1')],
}

describe('routeAddresses', () => {
  test('are those of the default routes with the least metric', () => {
    expect(routeAddresses({ v4: V4, v6: V6, interfaces })).toEqual(['10.10.10.2', '2001:db8::2'])
  })

  test('without IPv6 is one', () => {
    expect(routeAddresses({ v4: V4, v6: '', interfaces })).toEqual(['10.10.10.2'])
  })

  test('without a default route is the first address that reaches beyond this machine', () => {
    expect(routeAddresses({ v4: '', v6: '', interfaces })).toEqual(['10.10.11.2'])
  })

  test('with loopback alone is that', () => {
    expect(routeAddresses({ v4: '', v6: '', interfaces: { lo: interfaces.lo } })).toEqual(['127.0.0.1'])
  })

  test('never is a link-local one', () => {
    const onlyLocal = { ...interfaces, eth1: [six('fe80::2')] }
    expect(routeAddresses({ v4: V4, v6: V6, interfaces: onlyLocal })).toEqual(['10.10.10.2'])
  })
})
