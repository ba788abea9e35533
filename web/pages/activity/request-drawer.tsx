// One request: where its time went, why that server, its head, and how it is sent once more.
import { useState } from 'preact/hooks'
import type { ServedRequest } from '../../data/api-types.ts'
import { useHeld } from '../../data/held.ts'
import { bytes, exactClock, whole } from '../../data/say.ts'
import { queryOf, segment, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { Copy } from '../../parts/words.tsx'
import css from './drawers.module.css'
import { ReplayDialog } from './replay-dialog.tsx'
import { StatusCode, withoutServer } from './request-columns.tsx'
import { curlOf, toDo, urlOf, whyChosen, whyNoReplay } from './request-words.ts'
import type { Filters } from './tokens.ts'
import { Waterfall } from './waterfall.tsx'

export interface RequestDrawerProps {
  readonly id: string
  /** Where it is in the list. */
  readonly known: ServedRequest | null
  readonly onClose: () => void
  /** Shows only those that these hold for as well. */
  readonly onFilter: (filters: Filters) => void
}

export function RequestDrawer({ id, known, onClose, onFilter }: RequestDrawerProps) {
  const [first] = useState(known)
  const [isReplaying, setReplaying] = useState(false)
  // Where it is known it is not asked for, and stays when the list has let it go.
  const held = useHeld('GET /api/v1/requests/{id}', { id }, { isOff: first !== null }).value
  const request = first ?? held.value
  if (request === null)
    return (
      <Drawer title="Request" onClose={onClose}>
        {held.problem === null ? (
          <Loading lines={6} />
        ) : (
          <Gone id={id} status={held.problem.status} why={held.problem.detail} />
        )}
      </Drawer>
    )
  const { method, path } = request
  return (
    <Drawer
      title={`${method} ${path}`}
      tag={<StatusCode of={request} />}
      onClose={onClose}
      actions={
        <>
          <Button
            icon="refresh"
            needs="operator"
            disabledWhy={whyNoReplay(request)}
            onPress={() => setReplaying(true)}
          >
            Replay…
          </Button>
          <Button href={testerOf(request)}>Explain</Button>
          <Button onPress={() => onFilter(likeThis(request))}>Only like this</Button>
          <span class={css.curl}>
            <Copy text={curlOf(request)} label="as curl" /> curl
          </span>
        </>
      }
    >
      {request.fault !== null && <Fault request={request} />}
      <Waterfall request={request} />
      <Facts request={request} />
      <Head request={request} />
      {isReplaying && <ReplayDialog request={request} onClose={() => setReplaying(false)} />}
    </Drawer>
  )
}

function Gone({ id, status, why }: { readonly id: string; readonly status: number; readonly why: string }) {
  if (status !== 404)
    return (
      <Note state="warn" title="This request cannot be asked for">
        {why}
      </Note>
    )
  return (
    <Note title="This request is not kept any more">
      {id} was served, but each worker keeps only its last requests, and a worker that was replaced took its
      own along. <code>logs.inspector</code> says how many are kept.
    </Note>
  )
}

function Fault({ request }: { readonly request: ServedRequest }) {
  const { fault, fault_text: text, detail, status } = request
  const remedy = toDo(fault)
  return (
    <Note state={status === null || status >= 500 ? 'down' : 'warn'} title={text ?? fault ?? ''}>
      {detail !== null && <p>{sentence(detail)}</p>}
      {remedy !== null && <p>{remedy}</p>}
      <p>
        <code>{fault}</code>
      </p>
    </Note>
  )
}

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`

/** The tester of rules, with this request in it. */
function testerOf(request: ServedRequest): string {
  const { method, client, listener } = request
  return to(`/rules${queryOf({ listener, test: urlOf(request), method, client: client ?? undefined })}`)
}

const likeThis = ({ rule, status, host }: ServedRequest): Filters => ({
  ...(rule === null ? { host } : { rule }),
  ...(status !== null && { status: String(status) }),
})

function Facts({ request }: { readonly request: ServedRequest }) {
  const { backend, server, rule, attempts, listener, shadow } = request
  return (
    <dl class={css.facts}>
      <dt>Time</dt>
      <dd class="mono">
        <time dateTime={request.time} title={whole(request.time)}>
          {exactClock(request.time)}
        </time>
      </dd>
      {request.request_id !== null && (
        <>
          <dt>Request</dt>
          <dd class="mono">
            <Copy text={request.request_id} label="the request’s id" isShown />
          </dd>
        </>
      )}
      <dt>Host</dt>
      <dd class="mono">
        {request.scheme}://{request.host}
      </dd>
      <dt>Client</dt>
      <dd class="mono">{request.client ?? 'not known'}</dd>
      {request.user !== null && (
        <>
          <dt>User</dt>
          <dd class="mono">{request.user}</dd>
        </>
      )}
      <dt>Listener</dt>
      <dd>
        <a class="link" href={to(`/listeners/${segment(listener)}`)}>
          {listener}
        </a>
      </dd>
      <dt>Rule</dt>
      <dd>
        {rule === null ? (
          'none'
        ) : (
          <a class="link" href={to(`/rules?edit=${segment(rule)}`)}>
            {rule}
          </a>
        )}
      </dd>
      <dt>Server</dt>
      <dd>
        {server === null || backend === null ? (
          withoutServer(request)
        ) : (
          <a class="link" href={to(`/backends/${segment(backend)}/servers/${segment(server)}`)}>
            {server}
          </a>
        )}
        {backend !== null && (
          <>
            {' of '}
            <a class="link" href={to(`/backends/${segment(backend)}`)}>
              {backend}
            </a>
          </>
        )}
      </dd>
      {attempts.map(({ server: one, chosen, reason }, place) => (
        <WhyRow key={place} name={`Why ${one}`} why={whyChosen(chosen, reason)} />
      ))}
      {shadow !== null && <WhyRow name="In shadow" why={`${shadow} would have refused it`} />}
      <dt>Bytes</dt>
      <dd>
        {bytes(request.bytes_in)} of it, {bytes(request.bytes_out)} sent back
      </dd>
    </dl>
  )
}

function WhyRow({ name, why }: { readonly name: string; readonly why: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{why}</dd>
    </>
  )
}

function Head({ request }: { readonly request: ServedRequest }) {
  const { headers, hidden_headers: hidden, headers_cut: isCut, method, path, protocol } = request
  return (
    <section class={css.headers} aria-label="Its head">
      <h3>As it came</h3>
      <p class="mono">
        {method} {path} {protocol}
      </p>
      {headers.length === 0 ? (
        <p class="quiet">Its fields are not kept.</p>
      ) : (
        <dl>
          {headers.map(([name, value], place) => (
            <div key={place}>
              <dt>{name}</dt>
              <dd class={hidden.includes(name) ? 'quiet' : undefined}>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {isCut && <p class="quiet small">There were more fields than are kept.</p>}
      {hidden.length > 0 && (
        <p class="quiet small">Credentials are hidden, and are not told to anyone here.</p>
      )}
    </section>
  )
}
