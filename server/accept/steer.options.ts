import { Words } from '../lib/kinds.ts'

/** Of a listener of TCP whose clients workers share. */
export const SteerOptions = Words(['off', 'client_address'], {
  default: 'off',
  description:
    "client_address: the worker is chosen by the client's address (of IPv6 its /64), so that a client meets the same worker on each connection and its TLS sessions are resumed there; otherwise only where it happens to meet the same worker. Behind a balancer or a NAT all clients have one address and are one worker's load: leave it off there. off: the system spreads connections evenly. Unix sockets are not touched. Linux only.",
})
