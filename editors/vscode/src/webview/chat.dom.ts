const page = document.body; void page;
