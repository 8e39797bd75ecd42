// What a test sees of the editor. Blanks are U+00A0 in VS Code's page.
window.probe = (() => {
  const INLINE = '.view-lines [class*=ghost-text-decoration]'
  const GHOST = '.ghost-text, [class*=ghost-text-decoration]'
  const plain = (text) => text.replaceAll('\u00a0', ' ')
  const editor = () => document.querySelector('.editor-group-container.active .editor-instance .monaco-editor')
  const top = (line) => parseFloat(line.style.top)

  // The document's lines that are in sight, without ghost text.
  function lines() {
    const found = editor()?.querySelectorAll('.view-lines > .view-line') ?? []
    return [...found].sort((a, b) => top(a) - top(b)).map((line) => {
      const copy = line.cloneNode(true)
      copy.querySelectorAll(GHOST).forEach((span) => span.remove())
      return plain(copy.textContent)
    })
  }

  // The ghost text: what is drawn into lines of the document, then the lines that are drawn between them.
  function ghost() {
    const inline = editor()?.querySelectorAll(INLINE) ?? []
    const more = editor()?.querySelectorAll('.suggest-preview-text .view-line') ?? []
    const first = [...inline].map((span) => span.textContent).join('')
    return [first, ...[...more].map((line) => line.textContent)].map(plain).join('\n')
  }

  // Every frame that differs from the one before: what stands there as text, and as ghost text.
  function record() {
    const frames = []
    window.frames_seen = frames
    const look = () => {
      const now = [lines().join('\n'), ghost()]
      const last = frames.at(-1)
      if (!last || last[0] !== now[0] || last[1] !== now[1]) frames.push(now)
      if (window.frames_seen === frames) requestAnimationFrame(look)
    }
    look()
  }

  // What was recorded until now.
  const recorded = () => window.frames_seen

  // From the next key's press to the first frame that follows the wanted ghost text, in milliseconds.
  function watch(wanted) {
    window.shown_after = undefined
    const options = { capture: true, once: true }
    document.addEventListener('keydown', (event) => {
      const look = () => {
        if (ghost() !== wanted) return
        observer.disconnect()
        requestAnimationFrame(() => { window.shown_after = performance.now() - event.timeStamp })
      }
      const observer = new MutationObserver(look)
      observer.observe(document.body, { subtree: true, childList: true, characterData: true })
    }, options)
  }

  // What our status item tells a screen reader: now, and each time that it changed since `listen()`.
  const state = () => document.querySelector('.statusbar-item[id*=codestral] [aria-label]')?.ariaLabel ?? ''
  let said
  function listen() {
    const look = () => {
      if (said.at(-1) !== state()) said.push(state())
    }
    if (!said) {
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributeFilter: ['aria-label'] })
    }
    said = [state()]
  }

  // Whether it told of another server's start since `listen()`, and tells now that this is ready.
  const restarted = () => said.some((each) => each.includes('Starting')) && state().includes('Ready')

  return { lines, ghost, record, recorded, watch, state, listen, restarted }
})()
