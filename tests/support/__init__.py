"""What tests share: a running gateway in this process, and an outside view of broker and platform."""
