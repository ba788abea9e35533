// The addresses that this machine's routes prefer towards the world: where allocations are made when the
// config names no address.
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'

export interface RouteTables {
  /** /proc/net/route */
  readonly v4: string
  /** /proc/net/ipv6_route */
  readonly v6: string
  readonly interfaces: Readonly<
    Record<
      string,
      readonly { readonly address: string; readonly family: string; readonly internal: boolean }[]
    >
  >
}

/** One address of each family that there is. */
export function routeAddresses(tables: RouteTables = thisMachines()): string[] {
  const v4 = addressOn(tables, 'IPv4', defaultDevice4(tables.v4))
  const v6 = addressOn(tables, 'IPv6', defaultDevice6(tables.v6))
  return [v4, v6].filter((address) => address !== null)
}

/**
 * On that device; without a route the first that reaches beyond this machine. Of IPv4 there is always one:
 * loopback.
 */
function addressOn(
  { interfaces }: RouteTables,
  family: 'IPv4' | 'IPv6',
  device: string | null,
): string | null {
  const usable = (name: string) =>
    (interfaces[name] ?? []).find(
      (one) => one.family === family && !one.internal && !one.address.startsWith('fe80:'),
    )
  const found = device === null ? undefined : usable(device)
  if (found !== undefined) return found.address
  if (family === 'IPv6') return null
  for (const name of Object.keys(interfaces)) {
    const other = usable(name)
    if (other !== undefined) return other.address
  }
  return '127.0.0.1'
}

/** Columns: interface, destination, gateway, flags, references, use, metric, mask … */
function defaultDevice4(table: string): string | null {
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/))
  return leastMetric(
    rows.filter((row) => row[1] === '00000000' && row[7] === '00000000'),
    (row) => Number(row[6]),
    (row) => row[0],
  )
}

/**
 * Columns: destination, its prefix, source, its prefix, next hop, metric, references, use, flags, interface.
 */
function defaultDevice6(table: string): string | null {
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/))
  return leastMetric(
    rows.filter((row) => /^0{32}$/.test(row[0] ?? '') && row[1] === '00' && row[9] !== 'lo'),
    (row) => Number.parseInt(row[5] ?? '', 16),
    (row) => row[9],
  )
}

function leastMetric(
  rows: readonly string[][],
  metric: (row: readonly string[]) => number,
  device: (row: readonly string[]) => string | undefined,
): string | null {
  let best: readonly string[] | null = null
  for (const row of rows) if (best === null || metric(row) < metric(best)) best = row
  return best === null ? null : (device(best) ?? null)
}

function thisMachines(): RouteTables {
  const interfaces: Record<string, { address: string; family: string; internal: boolean }[]> = {}
  for (const [name, addresses] of Object.entries(networkInterfaces())) interfaces[name] = addresses ?? []
  return { v4: read('/proc/net/route'), v6: read('/proc/net/ipv6_route'), interfaces }
}

/** Empty where there is no such table, as without IPv6. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
