// Copies a payload or a trace: <button data-copy="id of the element">.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy).textContent;
  navigator.clipboard.writeText(text).then(() => {
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
});

// The front page renews itself; when the answer is another page (the log-in, after the session ended), go there.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id !== "today" || event.detail.xhr.responseText.includes('id="today"')) return;
  event.preventDefault();
  window.location.reload();
});
