// chat_page.hpp - the HTML page that chat_room serves: light and dark, no other files.
#pragma once

inline constexpr const char* chat_page = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>wirespan chat</title>
<style>
  :root { color-scheme: light dark; --line: light-dark(#d4d8dd, #3a4048);
          --page: light-dark(#f5f6f8, #16191d); --card: light-dark(#fff, #1f2329);
          --own: light-dark(#dcebff, #23405f); --dim: light-dark(#5c6670, #98a2ad); }
  @supports not (color: light-dark(#000, #fff)) {
    :root { --line: #d4d8dd; --page: #f5f6f8; --card: #fff; --own: #dcebff; --dim: #5c6670; }
  }
  * { box-sizing: border-box; }
  body { margin: 0; height: 100vh; display: flex; flex-direction: column; background: var(--page);
         font: 16px/1.45 system-ui, sans-serif; }
  header, form { padding: .7rem 1rem; background: var(--card); }
  header { display: flex; justify-content: space-between; border-bottom: 1px solid var(--line); }
  h1 { margin: 0; font-size: 1.1rem; }
  #state { color: var(--dim); }
  ol { flex: 1; margin: 0; padding: 1rem; list-style: none; overflow-y: auto; }
  li { width: fit-content; max-width: 40rem; margin: 0 0 .5rem; padding: .4rem .8rem;
       background: var(--card); border: 1px solid var(--line); border-radius: .8rem;
       overflow-wrap: anywhere; }
  li.own { margin-left: auto; background: var(--own); }
  li.news { margin-inline: auto; border: 0; background: none; color: var(--dim); }
  form { display: flex; gap: .5rem; border-top: 1px solid var(--line); }
  input { flex: 1; min-width: 0; padding: .5rem .8rem; font: inherit; border-radius: .5rem;
          border: 1px solid var(--line); }
  button { padding: .5rem 1.2rem; font: inherit; border-radius: .5rem; border: 0;
           background: #1565c0; color: #fff; }
</style>
<header><h1>Chat</h1><span id="state">connecting</span></header>
<ol id="messages" aria-live="polite"></ol>
<form id="form"><input id="text" aria-label="Message" placeholder="Say something" autocomplete="off"
  maxlength="500" autofocus><button>Send</button></form>
<script>
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const name = new URLSearchParams(location.search).get("name") || "guest";
  const socket = new WebSocket(`${scheme}://${location.host}/chat?name=${encodeURIComponent(name)}`);
  const list = document.getElementById("messages");
  const state = document.getElementById("state");
  const text = document.getElementById("text");
  socket.onopen = () => { state.textContent = name; };
  socket.onclose = (event) => { state.textContent = `closed (${event.code})`; };
  socket.onmessage = (event) => {
    const item = document.createElement("li");
    item.textContent = event.data;
    if (event.data.startsWith("* ")) item.className = "news";
    if (event.data.startsWith(name + ": ")) item.className = "own";
    list.append(item);
    item.scrollIntoView();
  };
  document.getElementById("form").onsubmit = (event) => {
    event.preventDefault();
    if (text.value && socket.readyState === WebSocket.OPEN) socket.send(text.value);
    text.value = "";
  };
</script>
</html>
)html";
