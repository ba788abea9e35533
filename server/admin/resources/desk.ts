// Who answers for resources: looks them up, and has them changed.
import type { ControlFacts } from '../../control/facts.ts'
import { problem } from '../problem.ts'
import { type Asked } from '../route.ts'
import { listAnswer, oneAnswer, unconditional, writeAnswer, writingOf } from './asking.ts'
import { certificateMore, CertificatesNow, isAcmeOnly } from './certificates.ts'
import { legacyServer, onlyBackend } from './legacy.ts'
import { Live } from './live.ts'
import type { Operation } from './operations.ts'
import { type Collection, collectionOf, pathOf, type Resource } from './resource.ts'
import { withUploads } from './uploads.ts'
import { type ConfigWriter, writerOf } from './writers.ts'

export type DeskFacts = Pick<
  ControlFacts,
  | 'gateway'
  | 'apply'
  | 'changes'
  | 'confirmBy'
  | 'door'
  | 'health'
  | 'metrics'
  | 'acme'
  | 'traffic'
  | 'live'
  | 'desk'
>

/** Where a list of resources is, and which one of it is asked for. */
export interface Place {
  readonly path: string
  readonly noun: string
  readonly of: (asked: Asked) => Collection
  readonly idOf: (asked: Asked) => string
}

export class Desk {
  readonly #facts: DeskFacts
  readonly #writer: ConfigWriter

  constructor(facts: DeskFacts) {
    this.#facts = facts
    this.#writer = writerOf(facts)
  }

  async list(asked: Asked, { of }: Place): Promise<Response> {
    const known = await this.#writer.known()
    if (known === null) return problem('not_now', 'Nothing is served yet.')
    const list = of(asked)
    if (
      list.kind === 'servers' &&
      pathOf(known.value, { ...collectionOf('backends'), id: String(list.path[1]) }) === null
    )
      return problem('not_found', `There is no backend ${String(list.path[1])}.`)
    const more =
      list.kind === 'certificates'
        ? { acme: this.#facts.acme.facts(), others: new CertificatesNow(this.#facts, known).others() }
        : {}
    return listAnswer(asked, { known, in: list, live: new Live(this.#facts, known), more })
  }

  async one(asked: Asked, place: Place): Promise<Response> {
    const known = await this.#writer.known()
    if (known === null) return problem('not_now', 'Nothing is served yet.')
    const of: Resource = { ...place.of(asked), id: place.idOf(asked) }
    const path = pathOf(known.value, of, known.config)
    const more = of.kind === 'certificates' ? certificateMore(this.#facts, of.id) : {}
    if (path === null) return isAcmeOnly(more) ?? problem('not_found', `There is no ${place.noun} ${of.id}.`)
    return oneAnswer(asked, { known, of, path, live: new Live(this.#facts, known), more })
  }

  async create(asked: Asked, place: Place): Promise<Response> {
    const list = place.of(asked)
    const { body } = asked
    if (list.kind === 'backends') {
      // Who knows balancers of one backend adds a server so.
      const alone = onlyBackend(await this.#writer.known(), body)
      if (alone instanceof Response) return alone
      if (alone !== null)
        return this.write(asked, { op: 'create', in: alone, id: null, value: body, at: null })
    }
    return this.write(asked, { op: 'create', in: list, id: null, value: body, at: null })
  }

  async replace(asked: Asked, place: Place): Promise<Response> {
    const of: Resource = { ...place.of(asked), id: place.idOf(asked) }
    const known = await this.#writer.known()
    const isThere = known !== null && pathOf(known.value, of, known.config) !== null
    if (isThere && asked.request.headers.get('if-none-match') === '*')
      return problem('etag_mismatch', `There is a ${place.noun} ${of.id} already.`)
    if (isThere) return unconditional(asked) ?? this.write(asked, { op: 'replace', of, value: asked.body })
    const server = known === null ? null : legacyServer(known, of)
    if (server !== null)
      return unconditional(asked) ?? this.write(asked, { op: 'update', of: server, value: asked.body })
    if (asked.request.headers.has('if-match'))
      return problem('not_found', `There is no ${place.noun} ${of.id}.`)
    return this.write(asked, {
      op: 'create',
      in: of,
      id: of.kind === 'servers' ? null : of.id,
      value: asked.body,
      at: null,
    })
  }

  update(asked: Asked, place: Place): Promise<Response> | Response {
    const of: Resource = { ...place.of(asked), id: place.idOf(asked) }
    return unconditional(asked) ?? this.write(asked, { op: 'update', of, value: asked.body })
  }

  async remove(asked: Asked, place: Place): Promise<Response> {
    const of: Resource = { ...place.of(asked), id: place.idOf(asked) }
    const known = await this.#writer.known()
    const server = known === null ? null : legacyServer(known, of)
    return unconditional(asked) ?? this.write(asked, { op: 'delete', of: server ?? of })
  }

  async write(asked: Asked, operation: Operation): Promise<Response> {
    const list = 'in' in operation ? operation.in : operation.of
    const uploads = withUploads(await this.#writer.known(), operation)
    if (uploads instanceof Response) return uploads
    const { operation: own, sentAs } = uploads
    const writing = writingOf(asked, [{ operation: own, pointer: '', sentAs }])
    const answer = await writeAnswer({
      ...{ request: asked.request, writer: this.#writer, writing, in: list },
      live: (known) => new Live(this.#facts, known),
    })
    uploads.settle(answer.ok && asked.query.get('dry_run') !== 'true')
    return answer
  }
}
