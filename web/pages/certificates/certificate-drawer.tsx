// One certificate: what it says, its chain, what stands against it, who serves it, and what was done for it.
import type { CertificateLive, CertificateResource, Renewal } from '../../data/certificates.ts'
import { gatewayNow } from '../../data/clock.ts'
import { userWord } from '../../data/certificates.ts'
import { discard } from '../../data/draft.ts'
import { count, day, list } from '../../data/say.ts'
import { segment, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Guarded } from '../../parts/empty.tsx'
import { Lifetime } from '../../parts/graphics.tsx'
import { Note } from '../../parts/messages.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { Tag } from '../../parts/status.tsx'
import { Age, Time } from '../../parts/time.tsx'
import { Copy } from '../../parts/words.tsx'
import { type CertificateRow, isDue, leftWords, renewShare, toneOf } from './certificate-rows.ts'
import css from './certificates.module.css'
import { Finding } from './found.tsx'
import { draftWithout, useListeners } from './listeners.ts'
import { Removal } from './removal.tsx'
import { Retry } from './retry.tsx'
import { RenewalLog } from './renewal-log.tsx'

export interface CertificateDrawerProps {
  readonly row: CertificateRow
  /** Null: no config has it by itself. */
  readonly resource: CertificateResource | null
  readonly live: CertificateLive | null
  /** Null: it does not come by ACME. */
  readonly renewal: Renewal | null
  readonly onClose: () => void
}

export function CertificateDrawer({ row, resource, live, renewal, onClose }: CertificateDrawerProps) {
  const againWhy =
    renewal?.state === 'good' ? 'It is good' : renewal?.state === 'obtaining' ? 'It is under way' : null
  const isStandIn = live?.state === 'stand_in'
  // What failed is what one came for.
  const isLogFirst = renewal !== null && renewal.state !== 'good'
  const log = renewal !== null && (
    <Guarded label="The log">
      <RenewalLog name={row.name} renewal={renewal} />
    </Guarded>
  )
  return (
    <Drawer
      title={row.title}
      tag={<Tag state={row.state === 'up' ? undefined : row.state}>{row.word}</Tag>}
      onClose={onClose}
      actions={
        resource === null ? (
          row.draft === 'new' && <Drafted name={row.name} onClose={onClose} />
        ) : (
          <>
            {renewal !== null && (
              <Retry name={row.name} kind={isDue(renewal) ? 'ink' : undefined} disabledWhy={againWhy} />
            )}
            <Button needs="editor" isWhyHidden href={to(`/certificates/${segment(row.name)}?replace=1`)}>
              Replace
            </Button>
            <Removal row={row} resource={resource} />
          </>
        )
      }
    >
      {isStandIn && (
        <Note state={row.state} title="There is none yet">
          Until a CA has given one, clients get a stand-in of our own making, which they do not trust.
        </Note>
      )}
      {isLogFirst && log}
      {live !== null && !isStandIn && <Facts live={live} state={row.state} />}
      {resource !== null && <InFile resource={resource} live={live} />}
      {live !== null && !isStandIn && live.findings.length > 0 && <Findings live={live} />}
      {live !== null && live.chain.length > 0 && <Chain live={live} />}
      {!isLogFirst && log}
      {live === null && renewal === null && (
        <p class="supporting">
          {row.draft === 'new'
            ? 'It is in the draft only: nothing is asked of a CA, and nothing is made, before the draft is applied.'
            : 'No listener names it, so it is not read. Name it in the certificates of an https listener.'}
        </p>
      )}
    </Drawer>
  )
}

/** What only the draft has is taken out of it, or reviewed. */
function Drafted({ name, onClose }: { readonly name: string; readonly onClose: () => void }) {
  const own = `certificates/${encodeURIComponent(name)}`
  const listeners = useListeners() ?? []
  const takeOut = (): void => {
    onClose()
    draftWithout(name, listeners)
    discard(own)
  }
  return (
    <>
      <Button kind="ink" href={to('/review')}>
        Review
      </Button>
      <Button kind="quiet" icon="undo" onPress={takeOut}>
        Take out of the draft
      </Button>
    </>
  )
}

interface FactsProps {
  readonly live: CertificateLive
  readonly state: CertificateRow['state']
}

function Facts({ live, state }: FactsProps) {
  const renewAt = renewShare(live)
  return (
    <dl class={css.facts}>
      <dt>Lifetime</dt>
      <dd>
        <span class={css.life}>
          <Lifetime used={live.used} renewAt={renewAt} state={toneOf(state, live.used, renewAt)} />
          <span class={css.ofLife}>
            <span>{day(live.not_before, new Date(0))}</span>
            <span>{leftWords(Date.parse(live.not_after), gatewayNow())}</span>
          </span>
        </span>
      </dd>
      <dt>Ends</dt>
      <dd>
        <Time at={live.not_after} />
      </dd>
      <dt>Renewal</dt>
      <dd>
        <RenewalWords live={live} />
      </dd>
      <dt>Names</dt>
      <dd>{live.names.join(', ')}</dd>
      <dt>Issuer</dt>
      <dd>{live.issuer}</dd>
      <dt>Key</dt>
      <dd>
        {live.key}
        {live.others.length > 0 && `, and another of ${list(live.others.map(({ key }) => key))}`}
        {live.signature !== null && <span class="quiet"> · signed by {live.signature}</span>}
      </dd>
      <dt>Serial</dt>
      <dd>
        <Copy text={live.serial} label="serial number" isShown />
      </dd>
      <dt>SHA-256</dt>
      <dd class={css.long}>
        <code>{live.fingerprint.replaceAll(':', ':\u200B')}</code>
        <Copy text={live.fingerprint} label="fingerprint" />
      </dd>
    </dl>
  )
}

function RenewalWords({ live }: { readonly live: CertificateLive }) {
  const { renewal, renew_at: at, renews_by_itself: isRenewed, source } = live
  if (!isRenewed)
    return source === 'files' ? (
      <>By whoever writes its files: they are followed, and served half a second after they change.</>
    ) : (
      <>Nothing renews it: upload the next one in time.</>
    )
  if (renewal?.state === 'waiting' && renewal.next_try !== null)
    return (
      <>
        Next try at <Time at={renewal.next_try} />
      </>
    )
  if (renewal?.state === 'obtaining') return <>Under way</>
  if (at === null) return <>By itself</>
  return (
    <>
      By itself, in <Age at={at} />
      {renewal?.renew_why && ` (the CA: ${renewal.renew_why})`}
    </>
  )
}

interface InFileProps {
  readonly resource: CertificateResource
  readonly live: CertificateLive | null
}

function InFile({ resource: { id, place }, live }: InFileProps) {
  const users = live?.used_by ?? []
  return (
    <section class={css.section} aria-label="In the file">
      <header class={css.head}>
        <h3>In the file</h3>
        <a class={css.place} href={to(`/config?line=${place.line}`)}>
          {place.file.split('/').at(-1)}:{place.line}
        </a>
      </header>
      <dl class={css.facts}>
        <dt>Name</dt>
        <dd class="mono">{id}</dd>
        <dt>Used by</dt>
        <dd class="prose">
          {users.length === 0
            ? 'nobody'
            : users.map((user, at) => (
                <span key={user}>
                  {at > 0 && ', '}
                  <a href={to(`/listeners/${user.split('/').at(-1)}`)}>{userWord(user)}</a>
                </span>
              ))}
        </dd>
        {(live?.files.length ?? 0) > 0 && (
          <>
            <dt>{live?.files.length === 1 ? 'File' : 'Files'}</dt>
            <dd class="mono">{live?.files.join(', ')}</dd>
          </>
        )}
      </dl>
    </section>
  )
}

function Findings({ live }: { readonly live: CertificateLive }) {
  return (
    <section class={css.section} aria-label="Against it">
      <h3>What clients may have against it</h3>
      <ul class={css.found}>
        {live.findings.map((finding) => (
          <Finding key={finding.code} {...finding} />
        ))}
      </ul>
    </section>
  )
}

function Chain({ live }: { readonly live: CertificateLive }) {
  return (
    <section class={css.section} aria-label="Chain">
      <h3>Sent along: {count(live.chain.length, 'certificate')}</h3>
      <ol class={css.chain}>
        {live.chain.map((one) => (
          <li key={one.fingerprint}>
            <span>{one.subject}</span>
            <small>
              {one.key}, until {day(one.not_after, new Date(0))}, by {one.issuer}
            </small>
          </li>
        ))}
      </ol>
    </section>
  )
}
