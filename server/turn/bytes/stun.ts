// The numbers of STUN (RFC 8489), TURN (RFC 8656, 6062, 8016) and behaviour discovery (RFC 5780): data only.

/** RFC 8489 §5: what tells STUN from everything else. */
export const MAGIC_COOKIE = 0x2112a442
/** Type, length, cookie, transaction id. */
export const HEADER_BYTES = 20
export const TRANSACTION_ID_BYTES = 12
/** What FINGERPRINT's CRC is XORed with: "STUN" (RFC 8489 §14.7). */
export const FINGERPRINT_XOR = 0x5354554e

export const METHODS = {
  BINDING: 0x001,
  ALLOCATE: 0x003,
  REFRESH: 0x004,
  SEND: 0x006,
  DATA: 0x007,
  CREATE_PERMISSION: 0x008,
  CHANNEL_BIND: 0x009,
  CONNECT: 0x00a,
  CONNECTION_BIND: 0x00b,
  CONNECTION_ATTEMPT: 0x00c,
} as const

export const CLASSES = { REQUEST: 0, INDICATION: 1, SUCCESS: 2, ERROR: 3 } as const

/** Below 0x8000: who does not know it must not go on (RFC 8489 §14). */
export const ATTRIBUTES = {
  MAPPED_ADDRESS: 0x0001,
  CHANGE_REQUEST: 0x0003,
  USERNAME: 0x0006,
  MESSAGE_INTEGRITY: 0x0008,
  ERROR_CODE: 0x0009,
  UNKNOWN_ATTRIBUTES: 0x000a,
  CHANNEL_NUMBER: 0x000c,
  LIFETIME: 0x000d,
  XOR_PEER_ADDRESS: 0x0012,
  DATA: 0x0013,
  REALM: 0x0014,
  NONCE: 0x0015,
  XOR_RELAYED_ADDRESS: 0x0016,
  REQUESTED_ADDRESS_FAMILY: 0x0017,
  EVEN_PORT: 0x0018,
  REQUESTED_TRANSPORT: 0x0019,
  DONT_FRAGMENT: 0x001a,
  MESSAGE_INTEGRITY_SHA256: 0x001c,
  PASSWORD_ALGORITHM: 0x001d,
  USERHASH: 0x001e,
  XOR_MAPPED_ADDRESS: 0x0020,
  RESERVATION_TOKEN: 0x0022,
  PRIORITY: 0x0024,
  USE_CANDIDATE: 0x0025,
  PADDING: 0x0026,
  RESPONSE_PORT: 0x0027,
  CONNECTION_ID: 0x002a,
  ADDITIONAL_ADDRESS_FAMILY: 0x8000,
  ADDRESS_ERROR_CODE: 0x8001,
  PASSWORD_ALGORITHMS: 0x8002,
  ALTERNATE_DOMAIN: 0x8003,
  ICMP: 0x8004,
  SOFTWARE: 0x8022,
  ALTERNATE_SERVER: 0x8023,
  CACHE_TIMEOUT: 0x8027,
  FINGERPRINT: 0x8028,
  ICE_CONTROLLED: 0x8029,
  ICE_CONTROLLING: 0x802a,
  RESPONSE_ORIGIN: 0x802b,
  OTHER_ADDRESS: 0x802c,
  MOBILITY_TICKET: 0x8030,
  /** Of the draft that became RFC 8656's dual allocations. */
  DRAFT_ADDITIONAL_ADDRESS_FAMILY: 0x8032,
} as const

/** How addresses name their family (RFC 8489 §14.1). */
export const FAMILIES = { IPV4: 1, IPV6: 2 } as const

/** IANA protocol numbers, in REQUESTED-TRANSPORT. */
export const TRANSPORTS = { TCP: 6, UDP: 17 } as const

/** RFC 8489 §18.5. */
export const PASSWORD_ALGORITHMS = { MD5: 1, SHA256: 2 } as const

/** Whether an address attribute is XORed with cookie and transaction id. */
export const isXored = (type: number): boolean =>
  type === ATTRIBUTES.XOR_PEER_ADDRESS ||
  type === ATTRIBUTES.XOR_RELAYED_ADDRESS ||
  type === ATTRIBUTES.XOR_MAPPED_ADDRESS

/** Packs method and class as RFC 8489 §5 draws them: the class's two bits stand between the method's. */
export const messageType = (method: number, messageClass: number): number =>
  ((method & 0xf80) << 2) |
  ((method & 0x070) << 1) |
  (method & 0x00f) |
  ((messageClass & 2) << 7) |
  ((messageClass & 1) << 4)

export const methodOf = (type: number): number =>
  ((type >> 2) & 0xf80) | ((type >> 1) & 0x070) | (type & 0x00f)

export const classOf = (type: number): number => ((type >> 7) & 2) | ((type >> 4) & 1)
