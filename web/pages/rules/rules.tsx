// Rules: in the order in which they are asked, with what each takes and where it leads, and the tester of a
// request beside them.
import { useState } from 'preact/hooks'
import { draft } from '../../data/draft.ts'
import { can } from '../../data/session.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Empty, Guarded, Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Beside } from '../../parts/overlays.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Kbd } from '../../parts/words.tsx'
import { usePageKeys } from '../../parts/use-page-keys.ts'
import { NO_DRAWER, useAddress } from './address.ts'
import { MoveDialog } from './move-dialog.tsx'
import { draftOrder } from './draft-order.ts'
import { orderAfter, type Target } from './moving.ts'
import { openDrawer } from './open-drawer.tsx'
import { RuleList } from './rule-list.tsx'
import { menuOf } from './rule-menu.ts'
import css from './rules.module.css'
import type { ShownRule } from './shown-rules.ts'
import { winner } from './winner.ts'
import { Tools } from './tools.tsx'
import { useShown } from './use-shown.ts'

export function Rules() {
  const address = useAddress()
  const { query, set } = address
  const { list, listeners, backends, isReady, chosen, shown, own, rows, filter, setFilter, shadowed } =
    useShown(address)
  const [moving, setMoving] = useState<string | null>(null)
  const move = (id: string, target: Target): void =>
    draftOrder(list.items, orderAfter(idsOf(shown), id, target))
  const openTester = (): void => set({ ...NO_DRAWER, test: '' }, true)
  const openNew = (): void => set({ ...NO_DRAWER, new: '' }, true)
  // A change made here would take the place of the text that somebody is writing.
  const isText = draft.value.kind === 'text'
  const mayEdit = can('edit') && !isText
  usePageKeys({ t: openTester, n: openNew })
  const isTesting = query.has('test')
  return (
    <Beside
      drawer={openDrawer({
        all: shown,
        own,
        listener: chosen,
        listeners,
        backends,
        address,
        move,
        mayEdit,
        isReady,
      })}
    >
      <div class={css.page}>
        <Head
          {...{ isTesting, isText, shadowed }}
          isTls={chosen?.protocol === 'tls'}
          onTest={openTester}
          onNew={openNew}
        />
        <Tools
          {...{ listeners, filter, list }}
          onFilter={setFilter}
          onListener={(name) => set({ listener: name })}
          listener={chosen}
          shown={rows.length}
          count={own.length}
        />
        {isText && can('edit') && <TextNote />}
        {list.problem !== null && (
          <Note state="down" title={list.problem.title}>
            {list.problem.detail} {list.items.length > 0 && 'What is shown is as it was read before.'}
          </Note>
        )}
        <Panel isFlush>
          {rows.length > 0 ? (
            <Guarded label="The list">
              <RuleList
                rows={rows}
                readAt={list.at}
                mayEdit={mayEdit}
                listener={chosen?.name ?? 'all listeners'}
                openId={query.get('edit')}
                winnerId={isTesting ? winner.value : null}
                onOpen={(id) => set({ ...NO_DRAWER, edit: id }, true)}
                onMove={move}
                menuOf={(row) =>
                  menuOf(row, { set, whyNot: isText ? 'your draft is a text' : null, onMove: setMoving })
                }
              />
            </Guarded>
          ) : list.at === 0 && list.problem === null ? (
            <Loading lines={8} label="Rules" />
          ) : (
            <Nothing {...{ filter, onNew: openNew }} onAll={() => setFilter('')} />
          )}
        </Panel>
      </div>
      {moving !== null && (
        <MoveDialog
          id={moving}
          ids={idsOf(own)}
          onMove={(target) => move(moving, target)}
          onClose={() => setMoving(null)}
        />
      )}
    </Beside>
  )
}

interface HeadProps {
  readonly isTls: boolean
  readonly isTesting: boolean
  readonly isText: boolean
  readonly shadowed: string
  readonly onTest: () => void
  readonly onNew: () => void
}

const Head = ({ isTls, isTesting, isText, shadowed, onTest, onNew }: HeadProps) => (
  <PageHead
    title="Rules"
    actions={
      <>
        <Button icon="play" isExpanded={isTesting} onPress={onTest}>
          Test a request <Kbd>t</Kbd>
        </Button>
        <Button
          icon="plus"
          kind="ink"
          needs="editor"
          disabledWhy={isText ? 'your draft is a text' : null}
          isWhyHidden={isText}
          onPress={onNew}
        >
          Rule
        </Button>
      </>
    }
  >
    The first match wins;{' '}
    {isTls ? 'a connection that none matches is closed' : 'what none matches is answered 404'}.{shadowed}
  </PageHead>
)

const TextNote = () => (
  <Note
    state="draft"
    title="Your draft is a text"
    actions={<Button href={to('/config')}>Open the text</Button>}
  >
    Rules are changed there until it is applied or dropped.
  </Note>
)

const idsOf = (rules: readonly ShownRule[]): readonly string[] => rules.map(({ id }) => id)

interface NothingProps {
  readonly filter: string
  readonly onNew: () => void
  readonly onAll: () => void
}

const Nothing = ({ filter, onNew, onAll }: NothingProps) =>
  filter === '' ? (
    <Empty
      title="No rule is for this listener"
      action={
        <Button icon="plus" needs="editor" onPress={onNew}>
          Add a rule
        </Button>
      }
    >
      Without one every request is answered 404, unless the listener names a backend.
    </Empty>
  ) : (
    <Empty title={`No rule has “${filter}”`} action={<Button onPress={onAll}>Show all rules</Button>}>
      Words are looked for in names, hosts, paths and destinations; <code>host:</code>, <code>path:</code>,{' '}
      <code>method:</code>, <code>backend:</code>, <code>middleware:</code>, <code>is:shadowed</code>,{' '}
      <code>is:never</code> and <code>is:draft</code> look in one place, <code>-</code> before a word leaves
      out.
    </Empty>
  )
