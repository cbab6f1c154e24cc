// MLflow shows pages as blobs in a sandbox, where browsers refuse to follow a link within the page.
"use strict";
if (location.protocol === "blob:") document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (link === null) return;
  event.preventDefault();
  document.getElementById(link.getAttribute("href").slice(1)).scrollIntoView();
});
