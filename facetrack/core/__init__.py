"""What flows through facetrack, and the words for it: no room lies below."""
