// Parts that stand within a line or a block.
import { useState } from 'preact/hooks'
import { Button } from '../../../web/parts/button.tsx'
import { FilterBox, Segmented, Tabs } from '../../../web/parts/choices.tsx'
import { Empty, Guarded, Loading, Stale } from '../../../web/parts/empty.tsx'
import { Field } from '../../../web/parts/field.tsx'
import { TextField } from '../../../web/parts/controls.tsx'
import { Note, Problem } from '../../../web/parts/messages.tsx'
import { Dialog } from '../../../web/parts/overlays.tsx'
import { PageHead } from '../../../web/parts/page-head.tsx'
import { Panel } from '../../../web/parts/panel.tsx'
import { Menu, Popover } from '../../../web/parts/popover.tsx'
import { Pips, Status, Tag } from '../../../web/parts/status.tsx'
import { Steps } from '../../../web/parts/steps.tsx'
import { Age, Time } from '../../../web/parts/time.tsx'
import { Chip, Code, Copy, Kbd } from '../../../web/parts/words.tsx'

const STATES = [
  ['up', 'Up'],
  ['warn', 'Degraded'],
  ['down', 'Down'],
  ['drain', 'Draining'],
  ['maint', 'Maintenance'],
  ['unk', 'Unchecked'],
  ['draft', 'Draft'],
] as const

export const States = () => (
  <>
    <div class="row">
      {STATES.map(([state, word]) => (
        <Status key={state} state={state} word={word} isQuiet={false} />
      ))}
      <Status state="up" word="Up, quiet" />
    </div>
    <div class="row">
      {STATES.map(([state, word]) => (
        <Tag key={state} state={state}>
          {word}
        </Tag>
      ))}
      <Tag isLive>run time only</Tag>
      <Tag state="accent">selected</Tag>
    </div>
    <Pips states={['up', 'up', 'down', 'drain', 'maint']} label="2 of 5 up" />
  </>
)

export const Buttons = () => (
  <>
    <div class="row">
      <Button kind="ink">Apply</Button>
      <Button>Check now</Button>
      <Button kind="quiet">Cancel</Button>
      <Button kind="danger">Discard…</Button>
      <Button icon="plus">Server</Button>
      <Button size="sm" icon="down" isIconLast>
        Drain
      </Button>
      <Button icon="copy" label="Copy" />
      <Button size="lg" kind="ink">
        Sign in
      </Button>
    </div>
    <div class="row">
      <Button isBusy busyWord="Checking 1 of 3">
        Check now
      </Button>
      <Button kind="ink" disabledWhy="nothing has changed">
        Review
      </Button>
      <Button href="#">A link</Button>
    </div>
  </>
)

export function Choices() {
  const [range, setRange] = useState('15 m')
  const [filter, setFilter] = useState('')
  return (
    <>
      <div class="row">
        <Segmented
          label="Range"
          value={range}
          onPick={setRange}
          options={['5 m', '15 m', '1 h'].map((value) => ({ value, label: value }))}
        />
        <FilterBox hint="Name or address" value={filter} onInput={setFilter} />
      </div>
      <Tabs
        items={[
          { label: 'Servers', href: '#servers', count: 5, isCurrent: true },
          { label: 'Health check', href: '#checks' },
          { label: 'Limits', href: '#limits' },
        ]}
      />
    </>
  )
}

export const Words = () => (
  <>
    <PageHead
      crumb={{ href: '#', label: 'Backends' }}
      title="api"
      state="warn"
      tag={<Tag state="warn">2 of 5 up</Tag>}
      actions={<Button kind="ink">Roll out…</Button>}
    >
      Two of five servers take requests; <a href="#">api-2</a> refuses connections since 03:04.
    </PageHead>
    <div class="row">
      <Chip k="host" v="api.example.com" />
      <Chip k="path" v="/v2/*" />
      <Chip k="status" v="5xx" onRemove={() => {}} />
      <Kbd>Ctrl</Kbd>
      <Kbd>K</Kbd>
      <Copy text="203.0.113.18:51344" isShown />
      <Time at={Date.now() - 3_600_000} />
      <Age at={Date.now() - 490_000} />
    </div>
    <Code isCopied text="curl -sS http://127.0.0.1:8080/ -H 'Host: api.example.com'" />
    <Code isCopied text={'servers:\n  - url: http://192.0.2.11:8080\n    weight: 3'} />
  </>
)

function Broken(): never {
  throw new Error('The value has no unit')
}

export const Messages = () => (
  <>
    <Panel title="Problems" count={2} isFlush end={<a href="#all">All</a>}>
      <Problem
        state="down"
        word="Down"
        age="8 min"
        title="legacy has no server up"
        actions={<Button size="sm">Open legacy</Button>}
      >
        Both servers refuse connections on port 8443. Start them, or send the rule elsewhere.
      </Problem>
      <Problem state="warn" word="Expiring" age="3 d left" title="shop.example.com is not renewed">
        The authority refuses: the record of the challenge is missing.
      </Problem>
    </Panel>
    <Note state="down" title="sluice.yaml:42:9 is rejected" actions={<Button size="sm">Open line 42</Button>}>
      Unknown field <code>weigth</code>; did you mean <code>weight</code>? r128 keeps serving.
    </Note>
    <Note
      state="draft"
      title="r129 runs until 03:14:02 unless you keep it"
      actions={<Button kind="ink">Keep r129</Button>}
    >
      1:42 left.
    </Note>
    <Note state="warn" title="Last update 14 s ago, reconnecting">
      Drafts are safe.
    </Note>
    <Note title="Nothing to do here">A plain note.</Note>
    <Panel title="Renewal">
      <Steps
        steps={[
          { state: 'up', title: 'Order made', time: '0.4 s' },
          {
            state: 'down',
            title: 'Challenge',
            time: '3.1 s',
            details: 'Error: no TXT record. To do: add it.',
          },
          { state: 'unk', title: 'Certificate: not fetched' },
        ]}
      />
    </Panel>
    <Panel>
      <Empty title="No request yet" action={<Code isCopied text="curl -i http://127.0.0.1:8080/" />}>
        Listener web is open on 0.0.0.0:8080. Send the first one:
      </Empty>
    </Panel>
    <Panel>
      <Loading />
    </Panel>
    <Stale isStale>
      <Status state="up" word="Up" isQuiet={false} /> as of 14 s ago
    </Stale>
    <Guarded label="The chart">
      <Broken />
    </Guarded>
  </>
)

export function Opens() {
  const [isAsked, setAsked] = useState(false)
  const close = (): void => setAsked(false)
  return (
    <div class="row">
      <Popover
        label="Drain api-4"
        anchor={(opener) => (
          <Button icon="down" isIconLast {...opener}>
            Drain
          </Button>
        )}
        actions={(close) => (
          <>
            <Button onPress={close}>Cancel</Button>
            <Button kind="ink">Drain api-4</Button>
          </>
        )}
      >
        <Field label="Reason" help="Others see it beside the server.">
          <TextField value="" onInput={() => {}} />
        </Field>
        <p class="supporting">Leaves 1 of 5; api-1 would carry 1,204/s.</p>
      </Popover>
      <Menu
        label="More for api-4"
        items={[
          { label: 'Edit', icon: 'edit', kbd: 'e' },
          { label: 'Duplicate', icon: 'copy' },
          { label: 'Show in file', icon: 'file', disabledWhy: 'read-only' },
          'line',
          { label: 'Delete…', icon: 'trash', isDanger: true },
        ]}
      />
      <Button onPress={() => setAsked(true)}>Ask</Button>
      {isAsked && (
        <Dialog
          title="Drain the last server of api?"
          onClose={close}
          actions={
            <>
              <Button onPress={close}>Leave it</Button>
              <Button kind="danger" disabledWhy="type api first" type="submit">
                Drain api-1
              </Button>
            </>
          }
        >
          <p class="supporting">
            api-1 is the only one left. When its 412 requests are done, api answers 503.
          </p>
          <Field label="Type api to do it">
            <TextField value="ap" onInput={() => {}} />
          </Field>
        </Dialog>
      )}
    </div>
  )
}
