// Ranges of ports, as config writes them: "49152-65535".

export interface PortRange {
  readonly first: number
  /** Itself included. */
  readonly last: number
}

/** Reads `first-last`; null for anything else, ports below 1024 and empty ranges included. */
export function parsePortRange(text: string): PortRange | null {
  const [, low = '', high = ''] = /^([1-9][0-9]{3,4})-([1-9][0-9]{3,4})$/.exec(text) ?? []
  const range = { first: Number(low), last: Number(high) }
  return range.first >= 1024 && range.first <= range.last && range.last <= 65_535 ? range : null
}

/** How many ports it holds. */
export const portsOf = ({ first, last }: PortRange): number => last - first + 1
