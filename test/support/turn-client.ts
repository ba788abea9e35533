// The client of `sluice turn test`, as tests like it: what must work throws when it does not, and everything
// else can be sent and looked at.
import { Address } from '../../server/lib/address.ts'
import { ATTRIBUTES, CLASSES } from '../../server/turn/bytes/stun.ts'
import { MessageWriter } from '../../server/turn/bytes/writer.ts'
import type { Answer } from '../../server/cli/turn/answer.ts'
import type { ProofKind } from '../../server/cli/turn/challenge.ts'
import type { Silence } from '../../server/cli/turn/transactions.ts'
import {
  type AllocateOptions,
  type Arrival,
  type Build,
  TurnClient,
} from '../../server/cli/turn/turn-client.ts'
import type { ClientTransport } from '../../server/lib/turn-url.ts'
import { staysTrue, waitFor } from './wait.ts'

export interface OpenOptions {
  readonly transport?: ClientTransport
  readonly host?: string
  readonly port: number
  readonly user?: string
  readonly password?: string
  readonly proof?: ProofKind
  /** Of each request. */
  readonly timeoutMs?: number
}

/** Opens a client; nothing is asked yet. */
export async function openClient({
  transport = 'udp',
  host = '127.0.0.1',
  port,
  user = 'test',
  password = 'test123',
  proof = 'auto',
  timeoutMs = 5000,
}: OpenOptions): Promise<TestClient> {
  const target = { transport, address: addressOf(host, port), serverName: host }
  const client = await TurnClient.open(target, { timeoutMs, login: { user, password }, proofKind: proof })
  if ('failure' in client)
    throw new Error(`${transport} to ${host}:${port}: ${client.failure} (${client.detail})`)
  return new TestClient(client)
}

export class TestClient implements AsyncDisposable {
  readonly client: TurnClient
  /** What peers sent and nobody has received yet. */
  readonly arrived: Arrival[] = []
  /** All other messages that answered nothing. */
  readonly others: Uint8Array[] = []

  constructor(client: TurnClient) {
    this.client = client
    client.onArrival = (arrival) => void this.arrived.push(arrival)
    client.onOther = (bytes) => void this.others.push(bytes)
  }

  /** The relayed address. */
  async allocate(options: AllocateOptions = {}): Promise<Address> {
    const answer = succeeded('Allocate', await this.client.allocate(options))
    return answer.message.address(ATTRIBUTES.XOR_RELAYED_ADDRESS) as Address
  }

  async permission(...peers: readonly Address[]): Promise<void> {
    succeeded('CreatePermission', await this.client.permit(...peers))
  }

  async bind(channel: number, peer: Address): Promise<void> {
    succeeded('ChannelBind', await this.client.bindChannel(channel, peer))
  }

  /** Seconds that were granted. */
  async refresh(lifetimeS?: number): Promise<number> {
    return succeeded('Refresh', await this.client.refresh(lifetimeS)).message.lifetime as number
  }

  /** By a channel's number, or by a Send indication to an address. */
  send(to: number | Address, data: Uint8Array | string): void {
    const bytes = Buffer.from(data)
    if (typeof to === 'number') this.client.sendChannel(to, bytes)
    else this.client.sendTo(to, bytes)
  }

  /** Takes the next that a peer sent. */
  async receive(): Promise<Arrival> {
    return waitFor(() => this.arrived.shift(), { what: 'something of a peer' })
  }

  /**
   * The code of the answer to a request that `build` writes, with credentials once the server has asked for
   * them; 0: a success.
   */
  async code(method: number, build?: Build): Promise<number> {
    const answer = await this.client.request(method, build)
    return 'silence' in answer ? Promise.reject(new Error(answer.detail)) : answer.code
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.client.raw(bytes)
  }

  /** Bytes as they are, and the answer with their transaction id. */
  ask(bytes: Uint8Array): Promise<Answer | Silence> {
    return this.client.exchange(bytes)
  }

  /** Whether nothing arrives for this long. */
  isSilent(forMs: number): Promise<boolean> {
    const count = (): number => this.arrived.length + this.others.length
    const before = count()
    return staysTrue(() => count() === before, forMs)
  }

  close(): void {
    this.client.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }
}

/** A message that `build` writes; the transaction id is by chance. */
export function craft(
  method: number,
  build: Build = () => {},
  messageClass: number = CLASSES.REQUEST,
): Uint8Array {
  const writer = new MessageWriter().begin(method, messageClass, crypto.getRandomValues(new Uint8Array(12)))
  build(writer)
  return writer.finish()
}

/** An address of a literal. */
export function addressOf(host: string, port: number): Address {
  const address = Address.parse(host, port)
  if (address === null) throw new Error(`${host} is no address`)
  return address
}

function succeeded(what: string, answer: Answer | Silence): Answer {
  if ('silence' in answer) throw new Error(`${what}: ${answer.silence} (${answer.detail})`)
  if (answer.code !== 0) throw new Error(`${what}: ${answer.code} ${answer.reason}`)
  if (answer.isProven === false) throw new Error(`${what}: the answer is not signed with our password`)
  return answer
}
